for name in ("generated",):
    globals()[name] = 1
