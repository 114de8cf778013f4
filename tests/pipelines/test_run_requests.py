from assets.naming import DATASET, LAUNCHED_BY, REASON, key
from pipelines.run_requests import JOB, run_request


def test_a_request_names_the_job_the_stages_and_why():
    request = run_request("zoo", ["scores", "comparison"], "rescore", "3 new", "zoo-3-0")
    assert request.job_name == JOB
    assert request.run_key == "zoo-3-0"
    assert request.asset_selection == [key("zoo", "scores"), key("zoo", "comparison")]
    assert request.tags == {DATASET: "zoo", LAUNCHED_BY: "rescore", REASON: "3 new"}


def test_a_reason_that_runs_on_is_cut_to_what_a_tag_may_hold():
    request = run_request("zoo", ["scores"], "schedule", "x" * 5000)
    assert request.run_key is None
    assert len(request.tags[REASON]) == 500
