# The image of every process of jushou; the command says which one.
FROM node:22-slim AS page

# The modules of the page in one file.
WORKDIR /page
COPY dashboards/package.json ./
RUN npm install --no-package-lock --no-audit --no-fund
COPY dashboards/static static
RUN npm run bundle


FROM python:3.11-slim AS build

RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /app

# The libraries first: they change less often than the code.
COPY pyproject.toml constraints.txt ./
RUN python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies'], sep='\n')" > /tmp/requirements.txt \
    && pip install --no-cache-dir -r /tmp/requirements.txt -c constraints.txt

# Run from a checkout, as everywhere: the data files are read from beside the code.
COPY . .
COPY --from=page /page/build dashboards/build
RUN pip install --no-cache-dir --no-deps -e .


FROM python:3.11-slim

RUN useradd --uid 10001 --no-create-home --home-dir /var/lib/jushou jushou \
    && install -d -o jushou -g jushou /var/lib/jushou
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app

ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    JUSHOU_FOLDER=/var/lib/jushou

WORKDIR /var/lib/jushou
USER jushou
VOLUME /var/lib/jushou
ENTRYPOINT ["jushou"]
CMD ["--help"]
