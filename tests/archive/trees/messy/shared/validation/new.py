def recheck():
    pass
