"""The items of a response as they grow: a message, thinking, a call, each with its own events."""

from __future__ import annotations

from io import StringIO
from typing import Any

Events = list[dict[str, Any]]


class Item:
    """One item of the output. ``body`` is it as far as it has come."""

    def __init__(self, kind: str, index: int, body: dict[str, Any]) -> None:
        self.kind = kind
        self.body = body
        self._place: dict[str, Any] = {"item_id": body["id"], "output_index": index}
        self._index = index
        self._text = StringIO()

    def begin(self) -> Events:
        """The events that open it."""
        return [self._item("response.output_item.added")]

    def grow(self, text: str) -> Events:
        """The events of a piece more."""
        raise NotImplementedError

    def end(self, status: str = "completed") -> Events:
        """The events that close it, with everything it holds."""
        raise NotImplementedError

    def _item(self, event: str) -> dict[str, Any]:
        return {"type": event, "output_index": self._index, "item": dict(self.body)}

    def _event(self, kind: str, /, **more: Any) -> dict[str, Any]:
        return {"type": f"response.{kind}", **self._place, **more}

    def _whole(self) -> str:
        return self._text.getvalue()


class _Message(Item):
    def __init__(self, kind: str, index: int, body: dict[str, Any]) -> None:
        super().__init__(kind, index, body)
        self._event_name = "output_text" if kind == "output_text" else "refusal"
        self._more: dict[str, Any] = {"logprobs": []} if kind == "output_text" else {}

    def _part(self, text: str) -> dict[str, Any]:
        if self.kind == "refusal":
            return {"type": "refusal", "refusal": text}
        return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}

    def begin(self) -> Events:
        return [*super().begin(), self._event("content_part.added", content_index=0, part=self._part(""))]

    def grow(self, text: str) -> Events:
        self._text.write(text)
        return [self._event(f"{self._event_name}.delta", content_index=0, delta=text, **self._more)]

    def end(self, status: str = "completed") -> Events:
        text = self._whole()
        part = self._part(text)
        self.body |= {"status": status, "content": [part]}
        said = {"refusal": text} if self.kind == "refusal" else {"text": text, **self._more}
        return [
            self._event(f"{self._event_name}.done", content_index=0, **said),
            self._event("content_part.done", content_index=0, part=part),
            self._item("response.output_item.done"),
        ]


class _Reasoning(Item):
    def begin(self) -> Events:
        part = {"type": "summary_text", "text": ""}
        return [*super().begin(), self._event("reasoning_summary_part.added", summary_index=0, part=part)]

    def grow(self, text: str) -> Events:
        self._text.write(text)
        return [self._event("reasoning_summary_text.delta", summary_index=0, delta=text)]

    def end(self, status: str = "completed") -> Events:
        text = self._whole()
        part = {"type": "summary_text", "text": text}
        self.body |= {"status": status, "summary": [part]}
        return [
            self._event("reasoning_summary_text.done", summary_index=0, text=text),
            self._event("reasoning_summary_part.done", summary_index=0, part=part),
            self._item("response.output_item.done"),
        ]


class _Call(Item):
    def grow(self, text: str) -> Events:
        self._text.write(text)
        return [self._event("function_call_arguments.delta", delta=text)]

    def end(self, status: str = "completed") -> Events:
        arguments = self._whole() or "{}"
        self.body |= {"status": status, "arguments": arguments}
        return [
            self._event("function_call_arguments.done", arguments=arguments, name=self.body["name"]),
            self._item("response.output_item.done"),
        ]


def message_item(seed: str, index: int, kind: str) -> Item:
    """A message of words (``output_text``) or of a refusal (``refusal``)."""
    body = {"id": f"msg_{seed}_{index}", "type": "message", "status": "in_progress", "role": "assistant", "content": []}
    return _Message(kind, index, body)


def reasoning_item(seed: str, index: int, kind: str) -> Item:
    """Thinking, told as its summary, which is what programs show."""
    body = {"id": f"rs_{seed}_{index}", "type": "reasoning", "status": "in_progress", "summary": []}
    return _Reasoning(kind, index, body)


def tool_item(seed: str, index: int, call_id: str, name: str) -> Item:
    """A call of a function."""
    body = {
        "id": f"fc_{seed}_{index}",
        "type": "function_call",
        "status": "in_progress",
        "arguments": "",
        "call_id": call_id,
        "name": name,
    }
    return _Call("function_call", index, body)
