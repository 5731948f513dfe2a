"""Pulumi components: one orchestration entity each, with everything it needs to be usable.

They are thin. What exists, under which name, with which values is derived and checked in `blueprint`; a component only
declares it, and nothing else in the program creates the kinds it owns.
"""
