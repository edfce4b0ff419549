"""Package layout only; metadata, entry points and tool settings are in pyproject.toml.

Two roots in one distribution: the CKAN extension and the harvesters that feed it.
"""

from setuptools import find_packages, setup

setup(
    packages=[
        *find_packages("ckanext-govcn", include=["ckanext", "ckanext.*"]),
        *find_packages(".", include=["harvesters", "harvesters.*", "stack", "stack.*"]),
    ],
    package_dir={"": "ckanext-govcn", "harvesters": "harvesters", "stack": "stack"},
    namespace_packages=["ckanext"],
    include_package_data=True,
)
