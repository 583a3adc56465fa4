"""A template as an emulator can make it: account and Region are called as on AWS, and nothing is asked for
that `cdk bootstrap` or a deployment would have put there before.

https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from pytest_kmslab.lab.templates.template import Template
from pytest_kmslab.templates.form import BOOTSTRAP, FOR_EACH

STUBS = {
    "python": "# the code is in a bucket elsewhere\n",
    "nodejs": "// the code is in a bucket elsewhere\n",
}
"""What takes the place of code by its runtime."""


def refuse_loops(template: Template) -> None:
    """Raise TemplateError for a loop in place of a resource, which no emulator writes out."""
    for name in template.content["Resources"]:
        if str(name).startswith(FOR_EACH):
            text = f"`{name}` is a loop, which CloudFormation alone writes out: give the template without it"
            raise template.error(text, "Resources", str(name))


def for_emulator(
    template: Template, pseudo: Mapping[str, str], has_bucket: Callable[[str], bool]
) -> Template:
    """The template with these pseudo parameters written out, and no code in buckets that are not there."""
    content = without_bootstrap_check(_written_out(template.content, pseudo))
    resources = {name: _with_code(resource, has_bucket) for name, resource in content["Resources"].items()}
    content = {**content, "Resources": resources}
    if content == template.content:
        return template
    return replace(template, text=json.dumps(content, default=str), content=content)


def without_bootstrap_check(content: Mapping[str, Any]) -> Mapping[str, Any]:
    """Without the question of every template of CDK for the version of its bootstrap stack."""
    parameters = content.get("Parameters") or {}
    asked = {
        name for name, parameter in parameters.items() if BOOTSTRAP.fullmatch(str(parameter.get("Default")))
    }
    rest = {name: section for name, section in content.items() if name not in ("Parameters", "Rules")}
    # What something else refers to is not CDK's question alone, and stays.
    if not asked or any(f'"Ref": "{name}"' in json.dumps(rest, default=str) for name in asked):
        return content
    others = {name: parameter for name, parameter in parameters.items() if name not in asked}
    return {**rest, "Parameters": others} if others else rest


def _written_out(value: Any, pseudo: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        if set(value) == {"Ref"} and value["Ref"] in pseudo:
            return pseudo[value["Ref"]]
        return {
            name: _substituted(one, pseudo) if name == "Fn::Sub" else _written_out(one, pseudo)
            for name, one in value.items()
        }
    return [_written_out(element, pseudo) for element in value] if isinstance(value, list) else value


def _substituted(value: Any, pseudo: Mapping[str, str]) -> Any:
    """The argument of `Fn::Sub`: a text, or a text and what it is given."""
    if isinstance(value, str):
        for name, text in pseudo.items():
            value = value.replace(f"${{{name}}}", text)
        return value
    if isinstance(value, list) and value:
        return [_substituted(value[0], pseudo), *_written_out(value[1:], pseudo)]
    return value


def _with_code(resource: Mapping[str, Any], has_bucket: Callable[[str], bool]) -> Mapping[str, Any]:
    """A Lambda function with other code, where nobody can have its own."""
    properties = resource.get("Properties") or {}
    code = properties.get("Code")
    runtime = str(properties.get("Runtime"))
    stub = next((text for language, text in STUBS.items() if runtime.startswith(language)), "")
    if resource.get("Type") != "AWS::Lambda::Function" or not stub or not isinstance(code, Mapping):
        return resource
    bucket = code.get("S3Bucket")
    bucket = bucket["Fn::Sub"] if isinstance(bucket, Mapping) and "Fn::Sub" in bucket else bucket
    # Nobody can tell of a name that is not known whether there is such a bucket.
    if not isinstance(bucket, str) or "${" in bucket or has_bucket(bucket):
        return resource
    return {**resource, "Properties": {**properties, "Code": {"ZipFile": stub}}}
