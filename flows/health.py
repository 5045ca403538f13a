"""Whether Prefect is there and has what a deployment needs. Reads only."""

from prefect.client.orchestration import PrefectClient, get_client
from prefect.settings import get_current_settings

FLOW = "import-customers"


async def examine_prefect() -> list[tuple[str, str, str]]:
    """Level, what was found, and the remedy, of each thing that was looked at."""
    address = get_current_settings().api.url
    if not address:
        return [("ok", "no API is configured: runs go without Prefect unless --prefect is given", "")]
    try:
        async with get_client() as client:
            version = await client.api_version()
            return [("ok", f"{address} answers, version {version}", ""), *await _deployments(client)]
    except Exception as error:
        return [
            (
                "warning",
                f"{address} does not answer ({type(error).__name__})",
                "start it, or use --no-prefect",
            )
        ]


async def _deployments(client: PrefectClient) -> list[tuple[str, str, str]]:
    deployments = [
        one
        for one in await client.read_deployments()
        if one.entrypoint and FLOW.replace("-", "_") in one.entrypoint
    ]
    pools = {pool.name for pool in await client.read_work_pools()}
    if not deployments:
        return [("warning", "nothing is deployed", "prefect deploy --all")]
    missing = sorted({str(one.work_pool_name) for one in deployments} - pools)
    found = [("ok", f"deployed: {', '.join(sorted(one.name for one in deployments))}", "")]
    return found + [
        ("failure", f"the work pool {name} is not there", f"prefect work-pool create {name} --type process")
        for name in missing
    ]
