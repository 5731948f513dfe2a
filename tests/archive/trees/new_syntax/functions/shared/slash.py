text = f"{'\n'.join([])}"
