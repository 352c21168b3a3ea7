"""Coverage in each of its forms, from one report: what the command, the page and the API all hand out."""

from __future__ import annotations

from groups import coverage_files
from groups.printing import coverage_pdf
from groups.rules.coverage_report import CoverageReport

FORMS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
    "pdf": "application/pdf",
}
"""The forms by their ending, with their type of content."""


def write(report: CoverageReport, form: str) -> bytes:
    """The report in one of the `FORMS`, for which `report_on` has drawn it up."""
    if form == "csv":
        return coverage_files.as_csv(report)
    if form == "xlsx":
        return coverage_files.as_xlsx(report)
    if form == "json":
        return coverage_files.as_json(report).encode()
    return coverage_pdf.as_pdf(report)


def file_name(report: CoverageReport, form: str) -> str:
    """Plain letters only: old mail programs garble others."""
    whose = f"-{report.village}" if report.village else ""
    return f"coverage{whose}-{report.as_of}.{form}"
