"""Tasks: long work that a person started in the console, done a step at a time, with progress that can be seen.

life                its rows: started once, each step forward is one UPDATE that names where it was
importing broadcast the steps of each kind: what one of them does in one transaction
running             THE table kind → step; a worker takes a task, goes on where it stopped, leaves it at the end

A step and the note of how far it came are one transaction: after a crash the next worker goes on there, and no step
is done twice.
"""
