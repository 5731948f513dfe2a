class Grader:
    pass
