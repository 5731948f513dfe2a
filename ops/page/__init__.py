"""The page that `ops report` writes: one HTML file with the pipeline's picture, its parts, guarantees, changes and a day.

`drawing` lays out the picture, `parts` and `guarantees` gather what is said, `document` fills the templates. Nothing here
decides anything: what is shown is the plan's, the difference's, or the run's.
"""
