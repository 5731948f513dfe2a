import shared.b
value = 1
