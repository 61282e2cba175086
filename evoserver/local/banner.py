"""What `make run` prints once the server answers."""

from evoserver.local.instance import Instance

GOAL = "Summarise our support tickets and email the team the three main problems"


def banner(instance: Instance) -> str:
    url = instance.url
    return f"""
  Evoserver is ready at {url}

  Callers from this machine need no token: they are the user `local`.
  API     {url}/docs   (try it in the browser)
  Admin   {url}/admin/   admin / {instance.admin_password}
  Model   {_model(instance)}
  Data    {instance.folder}   (logs/server.log has what is shown here)

  A first workflow, live:

    curl -N {url}$(curl -s {url}/stream/workflow/generate -H 'Content-Type: application/json' \\
      -d '{{"goal": "{GOAL}"}}' | sed 's/.*"stream_url": *"\\([^"]*\\)".*/\\1/')

  Ctrl-C stops everything.
"""


def _model(instance: Instance) -> str:
    if instance.model_port:
        return "demo: it plans from the goal's own words. For a real one set OPENAI_API_KEY, or OPENAI_BASE_URL."
    name = instance.variables.get("OPENAI_MODEL") or "the default model"
    return f"{name} at {instance.variables.get('OPENAI_BASE_URL') or 'OpenAI'}"
