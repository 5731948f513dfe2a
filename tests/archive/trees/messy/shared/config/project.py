PROJECT = "p"
