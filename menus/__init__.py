"""The conversation: what a caller sees and what her keys mean. It knows no provider, no HTTP and writes no SQL.

dialogue    where a call stands, as a value that goes to JSON and back
answers     what people type → a value, or a Mistake
layout      text cut to pages that fit the room, in octets
kinds       the few kinds of screen
screens     the screens themselves, one file per area, and the table of all
engine      one answer in, one page out
graph       the menu as a graph, and the lint
"""
