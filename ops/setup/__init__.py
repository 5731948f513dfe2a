"""Builds `.venv` from the lock. Standard library only: it runs before anything is installed.

`build` decides what is missing and installs exactly the rows of the lock with the pip that the Python at hand bundles;
`progress` is what a terminal shows meanwhile; `backend` is the build backend that makes `ops` an installed command.
"""
