"""Every catalogued mistake, made at its line of one epoch with the rest carried on honestly, for 500 students."""

from downslope.byhand import momentum_homework

STUDENTS = 500


def depends(ledger, fault):
    """The (line, step) that rest on a fault, found from the formulas anew."""
    reached = {fault}
    for name, step in ledger.keys:
        if any((used, step + offset) in reached for used, offset in ledger.formula(name).uses):
            reached.add((name, step))
    return reached


def check_epoch(epoch):
    """Exactly the faulty line is wrong, rightly named; what rests on it is carried, everything else correct."""
    count = 0
    below = {}
    for student in range(STUDENTS):
        ledger = momentum_homework(student=f"student {student}")
        right = ledger.answers()
        for name in (line.name for line in ledger.recipe.lines):
            fault = (name, epoch)
            if fault not in below:
                below[fault] = depends(ledger, fault)
            for mistake in ledger.possible(*fault):
                answers = ledger.answers({fault: mistake.name})
                for outcome in ledger.judge(answers).outcomes:
                    key = outcome[:2]
                    if key == fault:
                        assert (outcome.status, outcome.mistake, outcome.marks) == ("wrong", mistake.name, 0)
                        assert len(outcome.findings) == 1
                    elif key in below[fault] and answers[key] != right[key]:
                        assert outcome.status == "carried", (fault, mistake.name, outcome)
                    else:
                        assert outcome.status == "correct", (fault, mistake.name, outcome)
                count += 1
    return count
