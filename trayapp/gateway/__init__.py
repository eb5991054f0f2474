"""The loopback server that every tool is pointed at: its own thread, its own loop, bytes through as they come.

Between dialects nothing is copied field by field from one form into another. A caller's request is read into the
neutral values of ``exchange`` and written from them as the upstream wants it; answers come back the same way, whole
or as events. So a dialect is described once for each direction (``…_in``: as callers speak it, ``…_out``: as
upstreams do), ``dialects`` lists them, and none of them knows of another. All of that is pure: bytes and values in,
bytes and values out; times and ids are handed in.

What a request asks for is carried or refused, never dropped. A reader takes every field by name (``fields``) and
refuses what is left over, unless it is null; a writer refuses what its dialect has no word for. This alone is left
out, and each list stands with its reason in the module that reads it:

- what changes the bill, the speed or a report, but not the answer: metadata, ``store``, service tiers, cache keys
  and marks, safety and account ids, predictions, diagnostics; the caller's user, where it has no place or is too
  long for it; how closely a picture is to be looked at, for everybody but OpenAI looks as closely as can be;
- how a server runs a model on its machine: ``keep_alive``, ``num_ctx`` and its like; what happens to a conversation
  that is too long, since upstream refuses it with a sentence of its own;
- what one vendor sealed for itself: signatures and encrypted thinking go to Anthropic only, so the model's earlier
  thinking reaches Ollama in words, OpenAI's dialect only where it is wanted back, Anthropic only with its seal;
  further citations, ids and states of earlier answers, and how thinking is to be shown;
- what no model is held to: thinking asked of one that cannot think, of a Claude with budgets that has too few tokens
  for it, or of one in the midst of calling tools whose thinking was lost; the strictness of a tool at Ollama, and of
  one that need not be strict at Anthropic; the names of the model's own turns outside OpenAI's dialect;
- in answers, what the caller's dialect has no word for: thinking in completions, the stop word outside Anthropic's.

This changes its form and keeps its meaning: budgets and efforts of thinking are exchanged by size, a user's name goes
before its words, a tool's failure is said in its result, pictures from tools follow in the user's turn for OpenAI,
later system messages join the first for Anthropic, where a user's turn is put before one of the model that opens.
"""
