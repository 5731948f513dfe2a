value = 1
return value
