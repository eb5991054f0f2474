"""Parse functions for lists in OpenAI's shape, one per dialect of it."""

from __future__ import annotations

from typing import Any

from trayapp.core.models import Modality, Price, Use
from trayapp.providers import fields
from trayapp.providers.fields import abilities, at, by_token, limit, listed, modalities, part
from trayapp.providers.naming import by_name, openai_use
from trayapp.providers.spec import Entry

Row = dict[str, Any]


def _openai(row: Row) -> Entry:
    return Entry(
        id=row["id"],
        use=openai_use(row["id"]),
        released=fields.day(row.get("created")),
        deprecated=fields.gone(row.get("shutdown_date")),
    )


def _plain_chat(row: Row) -> Entry:
    return Entry(id=row["id"], use=Use.CHAT)


def _plain(row: Row) -> Entry:
    return Entry(id=row["id"], use=by_name(row["id"]))


def _openrouter(row: Row) -> Entry:
    inputs = modalities(at(row, "architecture.input_modalities"))
    outputs = modalities(at(row, "architecture.output_modalities"))
    parameters = row.get("supported_parameters")
    use = fields.use_of(outputs)
    pricing = part(row, "pricing")
    can, lacks = abilities(
        tools=fields.named_in(parameters, "tools"),
        reasoning=True if row.get("reasoning") else fields.named_in(parameters, "reasoning"),
        structured=fields.named_in(parameters, "structured_outputs"),
        vision=fields.sees(inputs),
    )
    return Entry(
        id=row["id"],
        name=fields.text(row.get("name")),
        use=use,
        context=fields.smaller(limit(row.get("context_length")), limit(at(row, "top_provider.context_length"))),
        max_output=limit(at(row, "top_provider.max_completion_tokens")),
        price=by_token(
            use,
            Price.per_token(
                pricing.get("prompt"),
                pricing.get("completion"),
                pricing.get("input_cache_read"),
                pricing.get("input_cache_write"),
            ),
        ),
        inputs=inputs,
        outputs=outputs,
        capabilities=can,
        lacks=lacks,
        released=fields.day(row.get("created")),
        deprecated=fields.gone(row.get("expiration_date")),
        base=fields.text(at(row, "alias_target.slug")),
    )


def _mistral(row: Row) -> Entry:
    stated = part(row, "capabilities")
    chat = stated.get("completion_chat")
    use = Use.CHAT if chat is True else by_name(row["id"])
    if use is None and chat is False:
        audio = stated.get("audio_transcription") or stated.get("audio_speech")
        use = Use.AUDIO if audio else Use.OTHER
    can, lacks = abilities(
        tools=stated.get("function_calling"), vision=stated.get("vision"), reasoning=stated.get("reasoning")
    )
    return Entry(
        id=row["id"],
        name=fields.text(row.get("name")),
        use=use,
        context=limit(row.get("max_context_length")),
        capabilities=can,
        lacks=lacks,
        deprecated=fields.gone(row.get("deprecation")),
        aliases=fields.words(row.get("aliases")),
        base=fields.text(row.get("root")),
        hidden=row.get("archived") is True,
    )


def _groq(row: Row) -> Entry:
    return Entry(
        id=row["id"],
        use=by_name(row["id"]),
        context=limit(row.get("context_window")),
        max_output=limit(row.get("max_completion_tokens")),
        released=fields.day(row.get("created")),
        hidden=row.get("active") is False,
    )


def _together(row: Row) -> Entry:
    uses = {
        "chat": Use.CHAT,
        "language": Use.CHAT,
        "code": Use.CHAT,
        "embedding": Use.EMBEDDING,
        "image": Use.IMAGE,
        "video": Use.VIDEO,
        "rerank": Use.RERANK,
        "audio": Use.AUDIO,
        "transcribe": Use.AUDIO,
    }
    kind = row.get("type")
    use = uses.get(kind, Use.OTHER) if isinstance(kind, str) else by_name(row["id"])
    pricing = part(row, "pricing")
    # 0 for cached input beside a price for input means that there is no such thing
    price = Price.per_million(pricing.get("input"), pricing.get("output"), pricing.get("cached_input") or None)
    return Entry(
        id=row["id"],
        name=fields.text(row.get("display_name")),
        use=use,
        context=limit(row.get("context_length")),
        price=by_token(use, price),
    )


def _cerebras_public(row: Row) -> Entry:
    stated, pricing = part(row, "capabilities"), part(row, "pricing")
    can, lacks = abilities(
        tools=stated.get("tools"),
        vision=stated.get("vision"),
        reasoning=stated.get("reasoning"),
        structured=stated.get("structured_outputs"),
    )
    return Entry(
        id=row["id"],
        name=fields.text(row.get("name")),
        use=Use.CHAT,
        context=limit(at(row, "limits.max_context_length")),
        max_output=limit(at(row, "limits.max_completion_tokens")),
        price=Price.per_token(pricing.get("prompt"), pricing.get("completion")),
        capabilities=can,
        lacks=lacks,
        deprecated="" if row.get("deprecated") is True else None,
    )


def _perplexity(row: Row) -> Entry:
    pricing = part(row, "pricing")
    price = None
    if pricing.get("unit") == "usd_per_1m_tokens":
        price = Price.per_million(*(pricing.get(part) for part in ("input", "output", "cache_read", "cache_write")))
    return Entry(id=row["id"], use=Use.CHAT, price=price)


def _deepinfra(row: Row) -> Entry:
    stated = part(row, "metadata")
    pricing, tags = part(stated, "pricing"), fields.words(stated.get("tags"))
    use = Use.CHAT if "chat" in tags else Use.EMBEDDING if "embed" in tags else by_name(row["id"]) or Use.OTHER
    # tags name what a model has and are not complete, so nothing follows from one that is missing
    can, _ = abilities(tools="tools" in tags, reasoning="reasoning" in tags, vision="vlm" in tags)
    return Entry(
        id=row["id"],
        use=use,
        context=limit(stated.get("context_length")),
        max_output=limit(stated.get("max_tokens")),
        price=Price.per_million(
            pricing.get("input_tokens"), pricing.get("output_tokens"), pricing.get("cache_read_tokens")
        ),
        capabilities=can,
    )


def _fireworks_inference(row: Row) -> Entry:
    chat = row.get("supports_chat")
    kind = {"EMBEDDING_MODEL": Use.EMBEDDING, "FLUMINA_BASE_MODEL": Use.IMAGE}.get(fields.text(row.get("kind")))
    can, lacks = abilities(tools=row.get("supports_tools"), vision=row.get("supports_image_input"))
    return Entry(
        id=row["id"],
        use=Use.CHAT if chat is True else kind or by_name(row["id"]) or (Use.OTHER if chat is False else None),
        context=limit(row.get("context_length")),
        capabilities=can,
        lacks=lacks,
    )


def _huggingface(row: Row) -> Entry:
    # Which host answers is decided per request, so only what holds at every live one is stated: the
    # smallest window, the highest price.
    hosts = fields.objects(row.get("providers"))
    live = [host for host in hosts if host.get("status") == "live"]
    prices = [Price.per_million(at(host, "pricing.input"), at(host, "pricing.output")) for host in live]
    known = [price for price in prices if price is not None]
    inputs = modalities(at(row, "architecture.input_modalities"))
    outputs = modalities(at(row, "architecture.output_modalities"))
    can, lacks = abilities(
        tools=_at_all(live, "supports_tools"),
        structured=_at_all(live, "supports_structured_output"),
        vision=fields.sees(inputs),
    )
    return Entry(
        id=row["id"],
        use=fields.use_of(outputs) or by_name(row["id"]),
        context=min(filter(None, (limit(host.get("context_length")) for host in live)), default=None),
        price=Price(max(it.input for it in known), max(it.output for it in known)) if known else None,
        inputs=inputs,
        outputs=outputs,
        capabilities=can,
        lacks=lacks,
        hidden=bool(hosts) and not live,
    )


def _at_all(hosts: list[Row], flag: str) -> bool | None:
    said = [host.get(flag) for host in hosts]
    if not said or not all(isinstance(it, bool) for it in said) or (any(said) and not all(said)):
        return None
    return bool(said[0])


def _moonshot(row: Row) -> Entry:
    can, lacks = abilities(vision=row.get("supports_image_in"), reasoning=row.get("supports_reasoning"))
    inputs = 0
    if row.get("supports_image_in") is not None:
        inputs = Modality.TEXT
        inputs |= Modality.IMAGE if row.get("supports_image_in") is True else 0
        inputs |= Modality.VIDEO if row.get("supports_video_in") is True else 0
    return Entry(
        id=row["id"],
        use=Use.CHAT,
        context=limit(row.get("context_length")),
        inputs=int(inputs),
        capabilities=can,
        lacks=lacks,
    )


def _azure_deployment(row: Row) -> Entry:
    base = fields.text(row.get("model"))
    return Entry(id=row["id"], base=base, use=by_name(base) if base else None, hidden=row.get("status") != "succeeded")


def _azure_model(row: Row) -> Entry:
    stated = part(row, "capabilities")
    use = Use.CHAT if stated.get("chat_completion") is True else Use.EMBEDDING if stated.get("embeddings") else None
    return Entry(
        id=row["id"],
        use=use or by_name(row["id"]) or Use.OTHER,
        deprecated=fields.gone(at(row, "deprecation.inference")),
    )


openai = listed("data", row=_openai)
plain_chat = listed("data", row=_plain_chat)
plain = listed("data", row=_plain)
openrouter = listed("data", row=_openrouter)
mistral = listed("data", row=_mistral)
groq = listed("data", row=_groq)
together = listed("", "data", row=_together)
cerebras_public = listed("data", row=_cerebras_public)
perplexity = listed("data", row=_perplexity)
deepinfra = listed("data", row=_deepinfra)
fireworks_inference = listed("data", row=_fireworks_inference)
huggingface = listed("data", row=_huggingface)
moonshot = listed("data", row=_moonshot)
azure_deployments = listed("data", row=_azure_deployment)
azure_models = listed("data", row=_azure_model)
