"""The whole pipeline on one machine: everything that the plan declares, on emulators."""
