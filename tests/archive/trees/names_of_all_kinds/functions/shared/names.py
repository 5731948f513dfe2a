import os as a
from shared.deep import value as re_exported
try:
    b = 1
except ValueError:
    c = 2
if a:
    def d():
        global e
        e = 1
for f in (1, 2):
    pass
with open(a.devnull) as g:
    h: int = 1
(i, [j, *_]) = (1, [2, 3])
match i:
    case k:
        pass
