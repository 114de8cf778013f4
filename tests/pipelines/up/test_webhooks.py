from pipelines.up.webhooks import looked_up, not_set, wanted

HOOKS = "alerts: {webhooks: [{url_env: HOOK_A}, {url_env: HOOK_A, format: slack}, {url_env: HOOK_B}]}\n"


def test_every_variable_is_named_once_with_its_datasets(made_up):
    made_up.add("ape", yaml="alerts: {}\n")
    made_up.add("zoo", yaml=HOOKS)
    made_up.yaml("bee").write_text("itemz: {}\n" + HOOKS)
    assert wanted(made_up.workspace) == {"HOOK_A": ["bee", "zoo"], "HOOK_B": ["bee", "zoo"]}


def test_blanks_are_no_address_and_values_are_not_kept():
    environ = {"HOOK_A": "https://secret.invalid", "HOOK_B": " \n"}
    variables = {"HOOK_A": ["zoo"], "HOOK_B": ["zoo"], "HOOK_C": ["ape"]}
    assert looked_up(variables, environ) == {"HOOK_A": True, "HOOK_B": False, "HOOK_C": False}
    lines = not_set(variables, environ)
    assert [line.split()[3] for line in lines] == ["HOOK_B", "HOOK_C"]
