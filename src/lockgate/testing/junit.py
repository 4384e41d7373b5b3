"""Results of cases in the form that build servers read: JUnit XML."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, tostring

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lockgate.testing.cases import Result


def junit_xml(results: Iterable[Result]) -> str:
    """Return the XML text: one suite a file, one case a case."""
    by_file: defaultdict[str, list[Result]] = defaultdict(list)
    for result in results:
        by_file[result.file].append(result)
    root = Element("testsuites")
    for file, found in by_file.items():
        failures = sum(not item.passed for item in found)
        counts = {"tests": str(len(found)), "failures": str(failures), "errors": "0"}
        suite = SubElement(root, "testsuite", {"name": file, **counts})
        for item in found:
            _case(suite, item)
    return tostring(root, encoding="unicode", xml_declaration=True)


def _case(suite: Element, result: Result) -> None:
    place = {"file": result.file, "line": str(result.line)}
    case = SubElement(suite, "testcase", {"classname": result.file, "name": result.name, **place})
    if not result.passed:
        failure = SubElement(case, "failure", {"message": "; ".join(result.faults)})
        failure.text = "\n".join(result.decision.lines() if result.decision else result.faults)
