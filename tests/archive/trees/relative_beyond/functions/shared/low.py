from ... import high
