"""What goes back at once, when a queue has been looked through."""

from __future__ import annotations

from resistor.bus.browsing import RETURNED_TOGETHER, _together


def test_a_page_goes_back_piece_by_piece_each_with_one_tag() -> None:
    page = list(range(1, RETURNED_TOGETHER + 2))
    get = [RETURNED_TOGETHER + 2]
    assert _together([page, get], set()) == [(page[:-1], True), (page[-1:], True), (get, True)]


def test_what_is_gone_does_not_go_back() -> None:
    assert _together([[1, 2, 3], [4]], {1, 3, 4}) == [([2], True)]


def test_a_get_whose_answer_came_first_does_not_go_back_with_its_page() -> None:
    pages = [[2, 3], [1], [4], [5]]
    assert _together(pages, set()) == [([2, 3], False), ([1], True), ([4], True), ([5], True)]
