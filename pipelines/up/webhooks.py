"""Which environment variables the datasets' webhooks want, and which of them are set where `up` was started.

Only names are kept: the values are secrets.
"""

from collections.abc import Mapping

from audits.errors import UsageError, first_few
from audits.workspace import Workspace


def wanted(workspace: Workspace) -> dict[str, list[str]]:
    """Names of the datasets that want each variable; also of those whose YAML is not sound elsewhere."""
    found: dict[str, list[str]] = {}
    for name in workspace.dataset_names():
        try:
            config = workspace.alerts(name)
        except UsageError:  # removed at this moment
            continue
        for hook in config.webhooks if config else ():
            if name not in found.setdefault(hook.url_env, []):
                found[hook.url_env].append(name)
    return found


def looked_up(variables: Mapping[str, object], environ: Mapping[str, str]) -> dict[str, bool]:
    """Whether each variable is set; one of blanks only is not."""
    return {v: bool(environ.get(v, "").strip()) for v in sorted(variables)}


def not_set(variables: Mapping[str, list[str]], environ: Mapping[str, str]) -> list[str]:
    """A line for each variable that is not set."""
    return [
        f"the environment variable {v} is not set, so the webhooks of {first_few(variables[v])} that want it "
        "get no alerts; set it and start 'labelaudit up' again"
        for v, is_set in looked_up(variables, environ).items()
        if not is_set
    ]
