# SPDX-License-Identifier: Apache-2.0
"""The list of cases: a function with @case is one, its name and its first line say what it shows."""
CASES = []


def case(function):
    CASES.append(function)
    return function


def rounds(*arguments):
    """The same function as several cases, one for each argument."""
    def register(function):
        for i, argument in enumerate(arguments):
            def one(argument=argument):
                return function(argument)
            one.__name__ = "%s_%d" % (function.__name__, i + 1)
            one.__doc__ = function.__doc__
            CASES.append(one)
        return function
    return register


def all_cases():
    import rounds_bad_input
    import rounds_chaos
    import rounds_directories
    import rounds_faults
    import rounds_groups
    import rounds_odd_requests
    import rounds_quickstart
    import rounds_start
    import rounds_sync
    import rounds_user
    import rounds_znodes
    del rounds_bad_input, rounds_chaos, rounds_directories, rounds_faults, rounds_groups
    del rounds_odd_requests, rounds_quickstart, rounds_start, rounds_sync, rounds_user
    del rounds_znodes
    return CASES
