visible = 1
