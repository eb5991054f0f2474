"""Parse functions for clouds whose lists have a shape of their own."""

from __future__ import annotations

from typing import Any

from trayapp.core.models import Capability, Modality, Price, Use
from trayapp.providers import fields
from trayapp.providers.fields import abilities, at, limit, listed, modalities, part
from trayapp.providers.naming import by_name
from trayapp.providers.spec import Entry

Row = dict[str, Any]


def _anthropic(row: Row) -> Entry:
    stated = part(row, "capabilities")
    can, lacks = abilities(
        # all Claude models take tools and stream; all take images unless the row says otherwise
        tools=True,
        streaming=True,
        vision=at(stated, "image_input.supported") is not False,
        reasoning=at(stated, "thinking.supported"),
        structured=at(stated, "structured_outputs.supported"),
    )
    inputs = int(Modality.TEXT)
    inputs |= Modality.IMAGE if can & Capability.VISION else 0
    inputs |= Modality.PDF if at(stated, "pdf_input.supported") is True else 0
    return Entry(
        id=row["id"],
        name=fields.text(row.get("display_name")),
        use=Use.CHAT,
        context=limit(row.get("max_input_tokens")),
        max_output=limit(row.get("max_tokens")),
        inputs=int(inputs),
        outputs=int(Modality.TEXT),
        capabilities=can,
        lacks=lacks,
        released=fields.day(row.get("created_at")),
    )


def _gemini(row: Row) -> Entry:
    model = row["name"].removeprefix("models/")
    methods = fields.words(row.get("supportedGenerationMethods"))
    named = by_name(model)
    if "generateContent" in methods:  # which speech and image models claim as well
        use = named or Use.CHAT
    elif "embedContent" in methods:
        use = Use.EMBEDDING
    else:
        use = named or (Use.AUDIO if "bidiGenerateContent" in methods else Use.OTHER)
    can, lacks = abilities(reasoning=row.get("thinking"))
    return Entry(
        id=model,
        name=fields.text(row.get("displayName")),
        use=use,
        context=limit(row.get("inputTokenLimit")),
        max_output=limit(row.get("outputTokenLimit")),
        capabilities=can,
        lacks=lacks,
    )


def _cohere(row: Row) -> Entry:
    endpoints, features = fields.words(row.get("endpoints")), row.get("features")
    uses = {"chat": Use.CHAT, "embed": Use.EMBEDDING, "rerank": Use.RERANK}
    use = next((use for name, use in uses.items() if name in endpoints), Use.OTHER if endpoints else None)
    can, lacks = abilities(
        tools=fields.named_in(features, "tools", "strict_tools"),
        vision=fields.named_in(features, "vision"),
        reasoning=fields.named_in(features, "reasoning"),
        structured=fields.named_in(features, "json_schema"),
    )
    return Entry(
        id=row["name"],
        use=use,
        context=limit(row.get("context_length")),
        capabilities=can,
        lacks=lacks,
        deprecated="" if row.get("is_deprecated") is True else None,
    )


def _xai(row: Row) -> Entry:
    inputs, outputs = modalities(row.get("input_modalities")), modalities(row.get("output_modalities"))
    can, lacks = abilities(vision=fields.sees(inputs))
    return Entry(
        id=row["id"],
        use=fields.use_of(outputs) or by_name(row["id"]),
        # `max_prompt_length` bounds one part, `context_length` all; `long_context_threshold` is about prices only
        context=limit(row.get("context_length"), row.get("max_prompt_length")),
        price=Price.cents_per_100m(
            row.get("prompt_text_token_price"),
            row.get("completion_text_token_price"),
            row.get("cached_prompt_text_token_price"),
        ),
        inputs=inputs,
        outputs=outputs,
        capabilities=can,
        lacks=lacks,
        aliases=fields.words(row.get("aliases")),
    )


def _fireworks(row: Row) -> Entry:
    kind = fields.text(row.get("kind"))
    if row.get("conversationConfig") is not None:
        use = Use.CHAT
    elif kind == "EMBEDDING_MODEL":
        use = Use.EMBEDDING
    else:
        use = Use.IMAGE if kind.startswith("FLUMINA") else by_name(row["name"]) or Use.OTHER
    can, lacks = abilities(tools=row.get("supportsTools"), vision=row.get("supportsImageInput"))
    return Entry(
        id=row["name"],
        name=fields.text(row.get("displayName")),
        use=use,
        context=limit(row.get("contextLength")),
        capabilities=can,
        lacks=lacks,
        deprecated=fields.gone(row.get("deprecationDate")),
        hidden=row.get("state") not in (None, "READY", "STATE_UNSPECIFIED"),
    )


def _replicate(row: Row) -> Entry:
    owner, name = row["owner"], row["name"]
    if not (owner and name and isinstance(owner, str) and isinstance(name, str)):
        raise ValueError
    return Entry(id=f"{owner}/{name}", name=fields.text(name), use=Use.CHAT)


def _bedrock(row: Row) -> Entry:
    inputs, outputs = modalities(row.get("inputModalities")), modalities(row.get("outputModalities"))
    ways, life = row.get("inferenceTypesSupported"), part(row, "modelLifecycle")
    can, lacks = abilities(vision=fields.sees(inputs), streaming=row.get("responseStreamingSupported"))
    return Entry(
        id=row["modelId"],
        name=fields.text(row.get("modelName")),
        use=fields.use_of(outputs) or by_name(row["modelId"]),
        inputs=inputs,
        outputs=outputs,
        capabilities=can,
        lacks=lacks,
        deprecated=fields.gone(life.get("endOfLifeTime"), deprecated=life.get("status") == "LEGACY"),
        hidden=fields.named_in(ways, "ON_DEMAND") is False,  # callable through a profile at most
    )


def _bedrock_profile(row: Row) -> Entry:
    arn = row["models"][0]["modelArn"]  # one per region, all of one model
    return Entry(
        id=row["inferenceProfileId"],
        name=fields.text(row.get("inferenceProfileName")),
        base=arn.rpartition("/")[2],
        hidden=row.get("status") not in (None, "ACTIVE"),
    )


def _alibaba(row: Row) -> Entry:
    abilities_named, features = row.get("capabilities"), row.get("features")
    outputs = modalities(at(row, "inference_metadata.response_modality"))
    inputs = modalities(at(row, "inference_metadata.request_modality"))
    uses = {
        "TG": Use.CHAT,
        "TR": Use.EMBEDDING,
        "ME": Use.EMBEDDING,
        "IG": Use.IMAGE,
        "VG": Use.VIDEO,
        "ASR": Use.AUDIO,
        "TTS": Use.AUDIO,
    }
    stated = fields.words(abilities_named)
    use = next((use for name, use in uses.items() if name in stated), Use.OTHER if stated else by_name(row["model"]))
    vision = fields.named_in(abilities_named, "VU")
    can, lacks = abilities(
        tools=fields.named_in(features, "function-calling"),
        structured=fields.named_in(features, "structured-outputs"),
        reasoning=fields.named_in(abilities_named, "Reasoning"),
        vision=True if vision else fields.sees(inputs),
    )
    # Prices have a unit in words of the site's language, no currency, and steps by length: unknown.
    return Entry(
        id=row["model"],
        name=fields.text(row.get("name")),
        use=use,
        context=limit(at(row, "model_info.context_window")),
        max_output=limit(at(row, "model_info.max_output_tokens")),
        inputs=inputs,
        outputs=outputs,
        capabilities=can,
        lacks=lacks,
        released=fields.day(row.get("published_time")),
        deprecated=fields.gone(at(row, "inference_offline_info.offline_time")),
        aliases=fields.words([row.get("equivalent_snapshot")]),
    )


anthropic = listed("data", row=_anthropic)
gemini = listed("models", row=_gemini, bare=True)
cohere = listed("models", row=_cohere)
xai = listed("models", "data", row=_xai)
fireworks = listed("models", row=_fireworks, bare=True)
replicate = listed("models", "results", row=_replicate)
bedrock = listed("modelSummaries", row=_bedrock)
bedrock_profiles = listed("inferenceProfileSummaries", row=_bedrock_profile)
alibaba = listed("output.models", row=_alibaba)
