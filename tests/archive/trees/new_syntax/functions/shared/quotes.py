row = {"a": 1}
text = f"{row["a"]}"
