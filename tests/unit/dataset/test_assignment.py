"""信息资源代码: kept, made, and what becomes of the old one."""

from collections import Counter

from ckanext.govcn.catalog import identifiers
from ckanext.govcn.dataset.assignment import assign, node_of
from hypothesis import given
from hypothesis import strategies as st


class Counters:
    """Counters per node, as the database keeps them."""

    def __init__(self) -> None:
        self.last: Counter[str] = Counter()

    def reserve(self, nodes: list[str]) -> list[str]:
        codes = []
        for node in nodes:
            self.last[node] += 1
            codes.append(f"{node}/{self.last[node]}")
        return codes


def test_without_classification_the_department_gives_a_provisional_code() -> None:
    given_codes = assign([], "3070161", [], Counters().reserve)
    assert (given_codes.codes, given_codes.provisional) == (("3070161/1",), True)


def test_classifying_makes_a_new_code_and_the_old_becomes_a_former_one() -> None:
    counters = Counters()
    first = assign([], "3070161", [], counters.reserve)
    second = assign(["201015"], "3070161", first.codes, counters.reserve)
    assert (second.codes, second.provisional, second.former) == (("201015/1",), False, ("3070161/1",))


def test_saving_again_changes_nothing() -> None:
    counters = Counters()
    first = assign(["201015", "101015"], "3", [], counters.reserve)
    assert assign(["201015", "101015"], "3", first.codes, counters.reserve).codes == first.codes
    assert assign(["101015", "201015"], "3", first.codes, counters.reserve).codes == first.codes[::-1]


nodes = st.lists(st.sampled_from(["101015", "102015", "201015", "301015"]), max_size=4)


@given(st.lists(nodes, max_size=12))
def test_no_code_is_given_twice_and_none_is_lost(moves: list[list[str]]) -> None:
    counters, present, seen = Counters(), (), set()
    for categories in moves:
        before = set(present)
        result = assign(categories, "307015", present, counters.reserve)
        new = set(result.codes) - before
        assert not new & seen
        assert set(result.former) == before - set(result.codes)
        assert [node_of(code) for code in result.codes] == (list(dict.fromkeys(categories)) or ["307015"])
        seen |= new
        present = result.codes


def test_a_node_high_up_in_the_tree_makes_a_code_of_the_standards_shape_and_keeps_it() -> None:
    first = assign(["211", "1"], "", [], lambda nodes: [identifiers.format_code(node, 1) for node in nodes])
    assert [identifiers.parse_code(code) is not None for code in first.codes] == [True, True]
    again = assign(["211", "1"], "", first.codes, lambda nodes: [f"new {node}" for node in nodes])
    assert again.codes == first.codes
    assert not again.former
