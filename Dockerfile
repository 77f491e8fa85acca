# One image for every flow: `docker run touchline run touchpoints`, `... run warehouse`.

FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
COPY requirements/ requirements/
RUN pip install --require-hashes --requirement requirements/bootstrap.lock
# Dependencies before code: a change of code leaves this layer as it is.
RUN uv venv --python /usr/local/bin/python3.11 --no-python-downloads /opt/touchline \
    && uv pip install --no-cache --compile-bytecode --python /opt/touchline/bin/python \
        --require-hashes --requirement requirements/run.lock
COPY . .
RUN pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
    && uv pip install --no-cache --compile-bytecode --python /opt/touchline/bin/python \
        --no-deps /wheels/*.whl

FROM python:3.11-slim
RUN useradd --system --uid 10001 --create-home touchline \
    && install -d -o touchline -g touchline /var/lib/touchline/warehouse
COPY --from=build /opt/touchline /opt/touchline
COPY playbooks/ /app/playbooks/
ENV PATH=/opt/touchline/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    TOUCHLINE_PLAYBOOK=/app/playbooks/retail.yaml \
    TOUCHLINE_WAREHOUSE_URL=/var/lib/touchline/warehouse
WORKDIR /app
USER touchline
ENTRYPOINT ["touchline"]
CMD ["--help"]
