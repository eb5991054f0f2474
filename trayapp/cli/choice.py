"""Which model somebody means who typed a name: decided from the known lists, without touching anything."""

from __future__ import annotations

from collections.abc import Mapping

from trayapp.core.errors import UserError
from trayapp.core.language import _
from trayapp.core.listings import Listing
from trayapp.core.loose import holders, listed
from trayapp.core.models import ModelRef

_SHOWN = 10


def meant(text: str, listings: Mapping[str, Listing], *, unlisted: bool = False, forcible: bool = True) -> ModelRef:
    """The model that ``text`` names: ``provider/model``, or a model's id alone where one account has it.

    Raises UserError with the candidates. ``listings`` has an entry for every account that could be chosen
    from. An account whose list is not known takes any id, and so does every account when ``unlisted``.
    ``forcible``: the command knows “--unlisted”.
    """
    text = text.strip()
    provider, slash, model = text.partition("/")
    if slash and model and provider in listings:
        listing = listings[provider]
        found = listed(listing, model)
        if len(found) == 1:
            return found[0]
        if unlisted or not listing.models:
            return ModelRef(provider, model)
        # below a known account, what is missing there may still be the id of a model elsewhere
        others = found or holders(text, listings.values())
        raise UserError(_not_listed(text, model, listing, others, forcible=forcible))
    found = holders(text, listings.values())
    if len(found) == 1:
        return found[0]
    if found:
        raise UserError(_("More than one account has “{name}”. Say which:").format(name=text) + lines(found))
    if slash and not text.startswith("/"):
        raise UserError(
            _("There is neither an account “{provider}” nor a model “{name}”.").format(provider=provider, name=text)
            + _near(text, listings)
        )
    raise UserError(_("No account lists a model “{name}”.").format(name=text) + _near(text, listings))


def _not_listed(text: str, model: str, listing: Listing, others: list[ModelRef], *, forcible: bool) -> str:
    provider = listing.provider
    said = _("“{provider}” does not list “{model}”.").format(provider=provider, model=model)
    if others:
        return said + " " + _("Did you mean:") + lines(others)
    said += _near(text, {provider: listing})
    return said + "\n" + _("“--unlisted” chooses it all the same.") if forcible else said


def _near(text: str, listings: Mapping[str, Listing]) -> str:
    from difflib import get_close_matches

    names = {str(it.ref): it.ref for listing in listings.values() for it in listing.models}
    by_model: dict[str, list[ModelRef]] = {}
    for ref in names.values():
        by_model.setdefault(ref.model, []).append(ref)
    last = text.rpartition("/")[2]
    inside = sorted(ref for ref in names.values() if len(last) > 2 and last.casefold() in ref.model.casefold())
    near = inside or [names[it] for it in get_close_matches(text, list(names), n=5, cutoff=0.6)]
    near = near or [ref for it in get_close_matches(last, list(by_model), n=5, cutoff=0.6) for ref in by_model[it]]
    return " " + _("Did you mean:") + lines(near) if near else ""


def lines(refs: list[ModelRef]) -> str:
    """One below the other, the first of them."""
    shown = [f"\n  {ref}" for ref in refs[:_SHOWN]]
    if len(refs) > _SHOWN:
        shown.append("\n  …")
    return "".join(shown)
