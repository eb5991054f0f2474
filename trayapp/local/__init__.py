"""Models in this computer's memory: a policy over what the local servers do by themselves.

One ``Engine`` per local server looks at what is loaded, folds what it saw into what it knows (``tracking``), asks what
should happen (``policy``, pure) and carries it out through the server's own API (``ollama``, ``lmstudio``). Nothing is
touched until the user has chosen a strategy. What may be sent to Ollama, and when:

- a lease (``keep_alive`` other than 0) once per load, only to a model that the last look proved idle, never while a
  load is pending: anything else can stop Ollama's scheduler for good (ollama/ollama#17408);
- ``keep_alive: 0`` at any time: a busy model leaves when its answer is done;
- nothing at all to models that run in the cloud: there even an empty request is passed on and paid for.
"""
