-- Roles and databases; run by psql on every start, changes nothing on the second. docker-compose.yml runs it too.
\getenv ckan_password CKAN_DATABASE_PASSWORD
\getenv datastore_password DATASTORE_READER_PASSWORD

SELECT 'CREATE ROLE ckan LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'ckan') \gexec
SELECT 'CREATE ROLE datastore_reader LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'datastore_reader') \gexec
ALTER ROLE ckan PASSWORD :'ckan_password';
ALTER ROLE datastore_reader PASSWORD :'datastore_password';

SELECT 'CREATE DATABASE ckan OWNER ckan TEMPLATE template0' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'ckan') \gexec
SELECT 'CREATE DATABASE datastore OWNER ckan TEMPLATE template0' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'datastore') \gexec
REVOKE ALL ON DATABASE ckan FROM PUBLIC;
REVOKE ALL ON DATABASE datastore FROM PUBLIC;
GRANT CONNECT ON DATABASE datastore TO datastore_reader;
