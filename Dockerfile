# CKAN's official image with this project and its locked packages; docker-compose.yml builds it.
FROM ckan/ckan-base:2.12

USER root
WORKDIR /srv/govcn
COPY stack/lock/ stack/lock/
RUN pip install --no-cache-dir --no-deps --require-hashes -r stack/lock/build.txt \
 && pip install --no-cache-dir --no-deps --require-hashes --no-build-isolation -r stack/lock/container.txt
COPY . .
RUN pip install --no-cache-dir --no-deps --no-build-isolation --editable .

ENV LC_ALL=C.UTF-8 CKAN_INI=/srv/govcn/config/docker.ini
USER ckan
EXPOSE 5000
ENTRYPOINT []
CMD ["gunicorn", "--config", "file:config/stack/gunicorn.conf.py", "stack.wsgi:application"]
