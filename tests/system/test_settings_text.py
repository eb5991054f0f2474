"""Settings change where they changed; every other line stays as its user wrote it."""

from __future__ import annotations

import string
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trayapp.core import schema
from trayapp.core.accounts import Account, KeyFrom
from trayapp.core.rules import ROLES, Rule
from trayapp.core.settings import LATENCIES, LONGEST_TTL, STRATEGIES, Settings, Waits
from trayapp.system.settings_text import edited, fresh, loses, merged

SAMPLE = (Path(__file__).parent.parent / "samples" / "settings" / "v1.toml").read_text()


def read(text: str) -> Settings:
    return schema.read_settings(tomllib.loads(text))[0]


def change(text: str, **changes: Any) -> str:
    result = edited(text, msgspec.structs.replace(read(text), **changes))
    assert result is not None
    return result


def lines(text: str) -> list[str]:
    return text.splitlines()


def test_nothing_changed_is_nothing_written() -> None:
    assert change(SAMPLE) == SAMPLE


def test_one_changed_value_is_one_changed_line_and_its_comment_stays() -> None:
    before, after = lines(SAMPLE), lines(change(SAMPLE, notify_switch=True))
    assert [(a, b) for a, b in zip(before, after, strict=True) if a != b] == [
        ("notify_switch = false   # too many of them", "notify_switch = true   # too many of them")
    ]


def test_a_value_that_went_back_to_its_default_stays_written() -> None:
    assert "inline_models = 25\n" in change(SAMPLE, inline_models=25)


def test_a_new_name_stands_below_the_version_and_splits_no_comment_from_its_account() -> None:
    after = change(SAMPLE, tray_wait=99)
    assert lines(after)[1:3] == ["version = 1", "tray_wait = 99"]
    assert [it for it in lines(after) if it != "tray_wait = 99"] == lines(SAMPLE)


def test_without_a_version_new_names_come_first_where_they_belong_to_no_table() -> None:
    after = change("# mine\n[[accounts]]\nid = 'a'\nspec = 'b'\n", tray_wait=99)
    assert after == "version = 1\ntray_wait = 99\n# mine\n[[accounts]]\nid = 'a'\nspec = 'b'\n"


def test_an_empty_file_is_begun_with_a_heading() -> None:
    after = change("", tray_wait=99)
    assert after.startswith("# ")
    assert read(after) == Settings(tray_wait=99)


def test_a_changed_account_keeps_its_comments_and_what_we_do_not_know() -> None:
    text = (
        '# first\n[[accounts]]\nid = "a" # the id\nspec = "x"\nfuture = [1, 2]\nname = "old" # a name\n\n'
        '# second\n[[accounts]]\nid = "b"\nspec = "y"\n'
    )
    account = Account("a", "x", "new", enabled=False)
    after = change(text, accounts=(account, Account("b", "y")))
    for kept in ("# first", 'id = "a" # the id', "future = [1, 2]", 'name = "new" # a name', "# second"):
        assert kept in after
    assert read(after).accounts == (account, Account("b", "y"))


def test_a_removed_account_takes_only_its_own_comment_along() -> None:
    text = "".join(f'\n# about {it}\n[[accounts]]\nid = "{it}" # {it}!\nspec = "x"\n' for it in "abc")
    after = change(text, accounts=(Account("a", "x"), Account("c", "x")))
    assert "# about b" not in after
    assert "# b!" not in after
    for kept in ("# about a", "# a!", "# about c", "# c!"):
        assert kept in after


def test_accounts_change_places_with_their_comments() -> None:
    text = "".join(f'\n# about {it}\n[[accounts]]\nid = "{it}" # {it}!\nspec = "x"\n' for it in "abc")
    after = change(text, accounts=tuple(Account(it, "x") for it in "cab"))
    assert [it for it in lines(after) if it.startswith("#")] == ["# about c", "# about a", "# about b"]
    assert [it.id for it in read(after).accounts] == ["c", "a", "b"]


def test_values_of_an_account_are_changed_one_by_one() -> None:
    azure = read(SAMPLE).accounts[2]
    moved = msgspec.structs.replace(azure, values={"resource": "fabrikam", "region": "eu"})
    wanted = tuple(moved if it.id == "azure" else it for it in read(SAMPLE).accounts)
    after = change(SAMPLE, accounts=wanted)
    assert read(after).accounts == wanted
    assert '[accounts.values]\nresource = "fabrikam"\nregion = "eu"' in after


def test_what_no_longer_has_a_value_goes() -> None:
    plain = tuple(msgspec.structs.replace(it, ttl=None, values={}, name="") for it in read(SAMPLE).accounts)
    after = change(SAMPLE, accounts=plain)
    assert read(after).accounts == plain
    assert "ttl = 300" not in after


def test_accounts_written_as_one_array_become_tables_when_they_change() -> None:
    text = 'tray_wait = 3 # soon\naccounts = [ {id = "a", spec = "x"}, {id = "b", spec = "y", extra = 1} ]\n'
    after = change(text, accounts=(Account("a", "x"), Account("b", "y", "B"), Account("c", "z")))
    assert read(after) == Settings(tray_wait=3, accounts=(Account("a", "x"), Account("b", "y", "B"), Account("c", "z")))
    assert "tray_wait = 3 # soon" in after
    assert "extra = 1" in after
    assert change(text, tray_wait=4) == text.replace("3 # soon", "4 # soon").replace("tray", "version = 1\ntray", 1)


def test_windows_line_ends_stay_windows_line_ends() -> None:
    text = SAMPLE.replace("\n", "\r\n")
    after = change(text, tray_wait=99, accounts=(*read(text).accounts, Account("new", "groq")))
    assert after.count("\n") == after.count("\r\n")
    assert "# too many of them\r\n" in after
    assert read(after).accounts[-1].id == "new"


def test_tables_of_others_between_ours_stay() -> None:
    text = '[plugin]\na = 1\n\n[[accounts]]\nid = "a"\nspec = "x"\n\n[[other]]\nz = 1\n[[other]]\nz = 2\n'
    after = change(text, tray_wait=7, accounts=(Account("b", "y"),))
    raw = tomllib.loads(after)
    assert (raw["plugin"], raw["other"]) == ({"a": 1}, [{"z": 1}, {"z": 2}])
    assert read(after) == Settings(tray_wait=7, accounts=(Account("b", "y"),))


def test_overrides_in_a_table_of_their_own_are_changed_there() -> None:
    text = "[provider_ttl_overrides]\nopenai = 60 # mine\ngroq = 5\n"
    after = change(text, provider_ttl_overrides={"openai": 90, "new/one": 1})
    assert "openai = 90 # mine" in after
    assert read(after).provider_ttl_overrides == {"openai": 90, "new/one": 1}


@pytest.mark.parametrize(
    "text",
    [
        'note = """\n[[accounts]]\nid = "in a text"\n"""\n[[accounts]]\nid = "a"\nspec = "x"\n',
        "note = '''\n# c\n[provider_ttl_overrides]\n'''\n",
        'provider_ttl_overrides.openai = 3\n[[accounts]]\nid = "a"\nspec = "x"\nvalues.r = "q"\n',
        '["plugin"]\n[[ "accounts" ]]\nid = "a"\nspec = "x"\n[accounts."values"]\nr = "q"\n',
        "tray_wait = 3\n[accounts]\nid = 1\n",
    ],
)
def test_odd_forms_end_in_a_file_that_says_what_is_wanted(text: str) -> None:
    wanted = msgspec.structs.replace(
        read(text), submenu_models=99, provider_ttl_overrides={"openai": 4}, accounts=(Account("a", "x", "A"),)
    )
    result = edited(text, wanted) or fresh(tomllib.loads(text), wanted)
    assert read(result) == wanted
    for name in ("note", "plugin"):
        assert tomllib.loads(result).get(name) == tomllib.loads(text).get(name)


def test_an_account_that_stood_there_twice_does_not_come_back_when_it_is_removed() -> None:
    text = '[[accounts]]\nid = "a"\nspec = "x"\n\n[[accounts]]\nid = "a"\nspec = "y"\n'
    assert edited(text, Settings()) is None, "the caller keeps a copy and writes the file anew"
    assert edited(text, Settings(tray_wait=3, accounts=(Account("a", "x"),))) is not None


def test_what_could_not_be_used_stays_until_it_is_set() -> None:
    text = 'tray_wait = "soon"\n[[accounts]]\nid = "broken"\nname = "B"\n\n[[accounts]]\nid = "a"\nspec = "x"\n'
    after = change(text, inline_models=3, accounts=(Account("a", "x", "A"), Account("c", "z")))
    assert 'tray_wait = "soon"' in after
    assert 'id = "broken"\nname = "B"' in after
    assert not loses(text, after)
    final = change(after, tray_wait=5)
    assert loses(after, final)


def test_what_was_edited_by_hand_meanwhile_is_not_undone_by_a_click_elsewhere() -> None:
    base = Settings(tray_wait=3, accounts=(Account("a", "x"), Account("b", "x")))
    disk = Settings(tray_wait=9, inline_models=1, accounts=(Account("a", "x", "by hand"), Account("h", "x")))
    new = msgspec.structs.replace(base, submenu_models=50, accounts=(Account("a", "x"), Account("n", "x")))
    assert merged(disk, base, new) == Settings(
        tray_wait=9,
        inline_models=1,
        submenu_models=50,
        accounts=(Account("a", "x", "by hand"), Account("n", "x"), Account("h", "x")),
    )


def test_rules_are_one_value_of_which_the_last_word_counts() -> None:
    base, disk = Settings(rules=RULED[:1]), Settings(rules=RULED[1:], tray_wait=9)
    assert merged(disk, base, msgspec.structs.replace(base, inline_models=3)).rules == RULED[1:]
    assert merged(disk, base, Settings(rules=RULED)) == Settings(rules=RULED, tray_wait=9)
    assert merged(disk, base, Settings()).rules == ()


BY_HAND = """# mine
version = 1
roles.code = "ollama/a" # the large one
rules = [] # none yet
"""
RULED = (Rule("code", "(code|function)", "code"), Rule("short", "^.{0,100}$", "fast", on="name", enabled=False))


def test_the_first_rules_are_written_as_tables() -> None:
    after = change(BY_HAND, rules=RULED)
    assert read(after).rules == RULED
    assert after.startswith('# mine\nversion = 1\nroles.code = "ollama/a" # the large one\n')
    assert after.count("[[rules]]") == 2
    assert after.endswith(
        '\n[[rules]]\nname = "short"\npattern = "^.{0,100}$"\nto = "fast"\non = "name"\nenabled = false\n'
    )


def test_changed_rules_leave_no_old_ones_and_the_others_keep_their_comments() -> None:
    text = "tray_wait = 3 # soon\n" + "".join(
        f'\n# about {it}\n[[rules]]\nname = "{it}" # {it}!\npattern = "{it}"\nto = "fast"\nconfidence = 0.8\n'
        for it in "abc"
    )
    text += '\n# the account\n[[accounts]]\nid = "x"\nspec = "x"\n'
    a, _b, c = read(text).rules
    after = change(text, rules=(c, msgspec.structs.replace(a, to="code", enabled=False), Rule("d", "d", "code")))
    assert [it.name for it in read(after).rules] == ["c", "a", "d"]
    assert after.count("[[rules]]") == 3
    for kept in ("# soon", "# about a", "# a!", "# about c", "# c!", "confidence = 0.8", "# the account"):
        assert kept in after
    for gone in ("# about b", "# b!", 'name = "b"'):
        assert gone not in after
    assert "rules" not in tomllib.loads(change(after, rules=()))


def test_a_rule_that_could_not_be_used_stays_until_it_is_set() -> None:
    text = '[[rules]]\nname = "broken" # soon\n\n[[rules]]\nname = "a"\npattern = "a"\nto = "code"\n'
    after = change(text, rules=(*read(text).rules, *RULED))
    assert 'name = "broken" # soon' in after
    assert not loses(text, after)
    assert loses(text, fresh(tomllib.loads(text), Settings(rules=RULED)))


@pytest.mark.parametrize(
    "text",
    [
        'rules = [ {name = "a", pattern = "a", to = "code", extra = 1}, {name = "b", pattern = "b", to = "fast"} ]\n',
        'note = """\n[[rules]]\nname = "in a text"\n"""\n[[rules]]\nname = "a"\npattern = "a"\nto = "code"\n',
        'rules = "none"\n[other]\nz = 1\n',
        '[rules]\nname = "a"\n',
        '[[rules]]\nname = "a"\npattern = "a"\nto = "code"\n[[rules]]\nname = "A"\npattern = "b"\nto = "fast"\n',
    ],
)
def test_odd_rules_end_in_a_file_that_says_what_is_wanted(text: str) -> None:
    for rules in (RULED, (Rule("a", "x", "code"), *RULED), ()):
        wanted = msgspec.structs.replace(read(text), rules=rules, tray_wait=99)
        result = edited(text, wanted) or fresh(tomllib.loads(text), wanted)
        assert read(result) == wanted
        for name in ("note", "other"):
            assert tomllib.loads(result).get(name) == tomllib.loads(text).get(name)


def test_what_is_said_of_local_models_by_hand_is_changed_where_it_stands() -> None:
    text = '[roles] # mine\ncode = "ollama/a" # large\n\n[local_exceptions]\n"qwen2.5:7b" = "never" # always there\n'
    after = change(text, roles={"code": "ollama/a", "fast": "ollama/b"}, warm_at_launch=("ollama/a",))
    for kept in ("[roles] # mine", 'code = "ollama/a" # large', '"qwen2.5:7b" = "never" # always there'):
        assert kept in after
    assert 'warm_at_launch = ["ollama/a"]' in after
    assert read(after).roles == {"code": "ollama/a", "fast": "ollama/b"}


def test_what_was_changed_on_both_sides_is_as_it_was_clicked() -> None:
    base, disk, new = Settings(tray_wait=1), Settings(tray_wait=2), Settings(tray_wait=3)
    assert merged(disk, base, new).tray_wait == 3
    assert merged(disk, None, Settings()) == Settings()


def test_tables_below_a_table_are_changed_in_their_places() -> None:
    text = "version = 1\n# the slow line\n[timeouts.fast]\nreceive = 20 # why\n# more\n[timeouts.slow]\nretries = 1\n"
    fast, medium = Waits(receive=25), Waits(pool=1.5)
    after = change(text, timeouts={"fast": fast, "medium": medium, "slow": Waits(retries=1)})
    for kept in ("# the slow line\n", " # why\n", "# more\n", "retries = 1\n"):
        assert kept in after
    assert read(after).timeouts["fast"] == fast
    assert read(after).timeouts["medium"] == medium


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
IDS = st.text(string.ascii_lowercase + string.digits + "-_.", min_size=1, max_size=6)
ACCOUNTS = st.builds(
    Account,
    id=IDS,
    spec=IDS,
    name=TEXT,
    base_url=TEXT,
    values=st.dictionaries(TEXT, TEXT, max_size=3),
    enabled=st.booleans(),
    key_from=st.sampled_from(KeyFrom),
    ttl=st.none() | st.integers(0, LONGEST_TTL),
    strategy=st.sampled_from(["", *STRATEGIES]),
    timeouts=st.sampled_from(["", *LATENCIES]),
)
WAITS = st.builds(
    Waits, receive=st.none() | st.floats(0.1, 600), retries=st.none() | st.integers(0, 10), pool=st.just(3.0)
)
MODELS = st.from_regex(r"[a-z]{1,3}/[a-z:/]{1,5}", fullmatch=True)
RULES = st.builds(
    Rule,
    name=TEXT,
    pattern=TEXT,
    to=st.sampled_from(ROLES) | MODELS,
    on=st.sampled_from(["text", "name", "role"]),
    enabled=st.booleans(),
)
SETTINGS = st.builds(
    Settings,
    notify_switch=st.booleans(),
    tray_wait=st.integers(0, 600),
    model_cache_strategy=st.sampled_from(["fresh", "moderate", "aggressive"]),
    provider_ttl_overrides=st.dictionaries(TEXT, st.integers(0, LONGEST_TTL), max_size=3),
    timeouts=st.dictionaries(st.sampled_from(list(LATENCIES)), WAITS, max_size=3),
    local_exceptions=st.dictionaries(TEXT, st.sampled_from(["never", "always"]), max_size=3),
    roles=st.dictionaries(st.sampled_from(ROLES), MODELS),
    warm_at_launch=st.lists(MODELS, max_size=3).map(tuple),
    default_route=st.just("") | st.sampled_from(ROLES) | MODELS,
    accounts=st.lists(ACCOUNTS, max_size=4, unique_by=lambda it: it.id).map(tuple),
    rules=st.lists(RULES, max_size=4, unique_by=lambda it: it.name.casefold()).map(tuple),
)
VALUES = st.recursive(
    st.booleans() | st.integers(-(10**15), 10**15) | TEXT | st.datetimes() | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
UNKNOWN = st.dictionaries(TEXT.map(lambda it: f"x-{it}"), VALUES, max_size=3)


@given(UNKNOWN, SETTINGS)
@settings(max_examples=60, deadline=None)
def test_a_fresh_file_says_all_that_is_wanted_and_keeps_unknown_names(raw: dict[str, Any], wanted: Settings) -> None:
    text = fresh(raw, wanted)
    assert schema.read_settings(tomllib.loads(text)) == (wanted, ())
    assert {name: value for name, value in tomllib.loads(text).items() if name.startswith("x-")} == raw


@given(UNKNOWN, SETTINGS, SETTINGS, st.sampled_from(["\n", "\r\n"]))
@settings(max_examples=100, deadline=None)
def test_any_settings_become_any_other_and_unknown_names_stay(
    raw: dict[str, Any], before: Settings, after: Settings, ends: str
) -> None:
    text = fresh(raw, before).replace("\r\n", "\n").replace("\n", ends)
    result = edited(text, after)
    assert result is not None, "comments would be lost for no reason"
    assert schema.read_settings(tomllib.loads(result)) == (after, ())
    assert {name: value for name, value in tomllib.loads(result).items() if name.startswith("x-")} == raw
    assert edited(result, after) == result
