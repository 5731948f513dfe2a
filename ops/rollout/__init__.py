"""The steps of a release: `record` binds a plan to its commit, `takeback` judges a roll-back, `engine` runs Pulumi."""
