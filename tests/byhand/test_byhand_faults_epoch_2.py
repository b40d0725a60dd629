from byhand_faults import check_epoch


def test_every_mistake_of_epoch_2_is_found_and_costs_one_line():
    assert check_epoch(2) > 20_000
