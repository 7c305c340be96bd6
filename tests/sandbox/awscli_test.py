#!/usr/bin/env python3
"""Drives the sandbox with the AWS command line: awscli_test.py PATH-OF-SANDBOX [--tls]. Exit code 77 = skipped (no awscli)."""
import datetime
import json
import os
import shutil
import subprocess
import sys
import time

SKIP = 77
AWS = "/usr/bin/aws" if os.path.exists("/usr/bin/aws") else shutil.which("aws")
if not AWS:
    print("skipped: the AWS command line is not installed")
    sys.exit(SKIP)

options = sys.argv[2:]
sandbox = subprocess.Popen([sys.argv[1], "--days", "2", "--speed", "60", "--seed", "4", *options], stdout=subprocess.PIPE, text=True)
failures = []


def expect(condition, what):
    print(("ok    " if condition else "FAILED ") + what, flush=True)
    if not condition:
        failures.append(what)


try:
    ready = json.loads(sandbox.stdout.readline())
    environment = {k: v for k, v in os.environ.items() if not k.startswith("AWS_") and not k.lower().endswith("_proxy")}
    environment.update(ready["environment"])
    environment.update({"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_PAGER": "", "AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "1"})

    def aws(*arguments, **extra):
        """(parsed output, stderr); output is None where the command failed."""
        run = subprocess.run([AWS, "--endpoint-url", ready["endpoints"]["aws"], "--output", "json", *arguments], env={**environment, **extra}, capture_output=True, text=True)
        if run.returncode != 0:
            return None, run.stderr
        return (json.loads(run.stdout) if run.stdout.strip() else {}), run.stderr

    def good(*arguments):
        result, error = aws(*arguments)
        if result is None:
            raise AssertionError(" ".join(arguments) + ": " + error.strip())
        return result

    def ago(**what):
        return (datetime.datetime.utcnow() - datetime.timedelta(**what)).strftime("%Y-%m-%dT%H:%M:%SZ")

    expect(good("sts", "get-caller-identity")["Account"] == "123456789012", "sts get-caller-identity")
    names = [f["FunctionName"] for f in good("lambda", "list-functions", "--page-size", "3")["Functions"]]
    expect(len(names) >= 9 and "chat-inference" in names, "lambda list-functions follows the pages")
    before = good("lambda", "get-function-configuration", "--function-name", "batch-scoring")
    expect(before["MemorySize"] == 4096 and before["LastUpdateStatus"] == "Successful", "lambda get-function-configuration")
    good("lambda", "update-function-configuration", "--function-name", "batch-scoring", "--memory-size", "1769", "--revision-id", before["RevisionId"])
    for _ in range(50):
        after = good("lambda", "get-function-configuration", "--function-name", "batch-scoring")
        if after["LastUpdateStatus"] != "InProgress":
            break
        time.sleep(0.1)
    expect(after["MemorySize"] == 1769 and after["LastUpdateStatus"] == "Successful", "lambda update-function-configuration converges")
    stale, error = aws("lambda", "update-function-configuration", "--function-name", "batch-scoring", "--memory-size", "512", "--revision-id", before["RevisionId"])
    expect(stale is None and "PreconditionFailedException" in error, "a stale revision is refused")
    pool = good("lambda", "put-provisioned-concurrency-config", "--function-name", "chat-inference", "--qualifier", "live", "--provisioned-concurrent-executions", "3")
    expect(pool["Status"] == "IN_PROGRESS" and pool["RequestedProvisionedConcurrentExecutions"] == 3, "lambda put-provisioned-concurrency-config")
    for _ in range(60):
        pool = good("lambda", "get-provisioned-concurrency-config", "--function-name", "chat-inference", "--qualifier", "live")
        if pool["Status"] == "READY":
            break
        time.sleep(0.2)
    expect(pool["Status"] == "READY" and pool["AvailableProvisionedConcurrentExecutions"] == 3, "lambda get-provisioned-concurrency-config")
    expect(good("lambda", "get-account-settings")["AccountLimit"]["ConcurrentExecutions"] == 1000, "lambda get-account-settings")
    query = [{"Id": "p", "MetricStat": {"Metric": {"Namespace": "AWS/Lambda", "MetricName": "Duration", "Dimensions": [{"Name": "FunctionName", "Value": "fraud-score"}]}, "Period": 3600, "Stat": "p99"}}]
    data = good("cloudwatch", "get-metric-data", "--start-time", ago(hours=24), "--end-time", ago(hours=1), "--metric-data-queries", json.dumps(query))["MetricDataResults"][0]
    expect(len(data["Values"]) >= 20 and min(data["Values"]) > 20, "cloudwatch get-metric-data with a percentile")
    listed = good("cloudwatch", "list-metrics", "--namespace", "AWS/Lambda", "--metric-name", "ProvisionedConcurrencyUtilization")["Metrics"]
    expect(any(d["Value"] == "thumbnailer:prod" for m in listed for d in m["Dimensions"]), "cloudwatch list-metrics")
    events = good("logs", "filter-log-events", "--log-group-name", "/aws/lambda/ocr-page", "--start-time", str(int((time.time() - 86400) * 1000)), "--filter-pattern", '"Init Duration"', "--max-items", "5")["events"]
    expect(len(events) == 5 and all("Init Duration" in e["message"] for e in events), "logs filter-log-events")
    groups = good("logs", "describe-log-groups", "--log-group-name-prefix", "/aws/lambda/")["logGroups"]
    expect(len(groups) == len(names), "logs describe-log-groups")
    targets = good("application-autoscaling", "describe-scalable-targets", "--service-namespace", "lambda")["ScalableTargets"]
    expect([t["ResourceId"] for t in targets] == ["function:doc-summarise:prod"], "application-autoscaling describe-scalable-targets")
    today = datetime.date.today()
    bill = good("ce", "get-cost-and-usage", "--time-period", f"Start={today - datetime.timedelta(days=2)},End={today + datetime.timedelta(days=1)}", "--granularity", "DAILY", "--metrics", "UnblendedCost", "UsageQuantity", "--group-by", "Type=DIMENSION,Key=USAGE_TYPE")
    usage = {g["Keys"][0] for day in bill["ResultsByTime"] for g in day["Groups"]}
    expect({"Request", "Lambda-GB-Second", "Lambda-Provisioned-Concurrency"} <= usage, "ce get-cost-and-usage")
    wrong, error = aws("lambda", "list-functions", AWS_SECRET_ACCESS_KEY="x" * 40)
    expect(wrong is None and "InvalidSignatureException" in error, "a wrong signature is refused (lambda)")
    wrong, error = aws("sts", "get-caller-identity", AWS_SECRET_ACCESS_KEY="x" * 40)
    expect(wrong is None and "SignatureDoesNotMatch" in error, "a wrong signature is refused (sts)")
    if "--tls" in options:
        wrong, error = aws("sts", "get-caller-identity", AWS_CA_BUNDLE="/etc/ssl/certs/ca-certificates.crt")
        expect(wrong is None and "SSL" in error, "the certificate holds under its own authority only")
except Exception as error:  # noqa: BLE001 - a test reports whatever went wrong
    failures.append(str(error))
    print("FAILED", error)
finally:
    sandbox.terminate()
    expect(sandbox.wait(timeout=20) == 0, "SIGTERM stops the sandbox")
sys.exit(1 if failures else 0)
