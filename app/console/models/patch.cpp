#include "app/console/models/patch.h"

#include <QRegularExpression>

#include "app/console/models/words.h"
#include "widgets/format.h"

namespace pilotlight::console {

namespace {

QString provenance(const Plan& plan, const char* comment) {
    QString text;
    const auto line = [&](const QString& words) { text += QString::fromLatin1(comment) + QLatin1Char(' ') + words + QLatin1Char('\n'); };
    line(QStringLiteral("Pilotlight plan %1 for %2, made %3").arg(qs(plan.id), qs(plan.function_id), qs(toIso8601(plan.made_at))));
    for (const auto& change : plan.changes) line(changeText(change));
    if (plan.effect.cost_usd_month) {
        const auto& cost = *plan.effect.cost_usd_month;
        line(QStringLiteral("Cost per month %1 -> %2 (90 % interval %3 to %4)")
                 .arg(widgets::format::money(cost.before), widgets::format::money(cost.after), widgets::format::money(cost.lo), widgets::format::money(cost.hi)));
    }
    line(QStringLiteral("Put the arguments into the resource of this function; its name in your code may differ."));
    return text;
}

QString identifier(const std::string& name, bool camel) {
    QString text = qs(name);
    if (!camel) return text.replace(QRegularExpression(QStringLiteral("[^A-Za-z0-9_]")), QStringLiteral("_"));
    QString out;
    for (const QString& part : text.split(QRegularExpression(QStringLiteral("[^A-Za-z0-9]+")), Qt::SkipEmptyParts)) out += part.left(1).toUpper() + part.mid(1);
    return out;
}

} // namespace

QString terraformPatch(const Plan& plan) {
    const auto& desired = plan.desired;
    const QString name = identifier(plan.before.name, false);
    QString text = provenance(plan, "#");
    text += QStringLiteral("resource \"aws_lambda_function\" \"%1\" {\n").arg(name);
    if (desired.memory) text += QStringLiteral("  memory_size = %1\n").arg(desired.memory->value);
    if (desired.timeout) text += QStringLiteral("  timeout = %1\n").arg(desired.timeout->count());
    if (desired.instance_limit) {
        text += QStringLiteral("  reserved_concurrent_executions = %1\n")
                    .arg(desired.instance_limit->kind == InstanceLimit::Kind::limited ? desired.instance_limit->value : -1);
    }
    text += QStringLiteral("}\n");
    const QString qualifier = qs(desired.pool_qualifier.empty() ? plan.alias : desired.pool_qualifier);
    if (desired.warm_pool && *desired.warm_pool > 0) {
        text += QStringLiteral("\nresource \"aws_lambda_provisioned_concurrency_config\" \"%1\" {\n"
                               "  function_name = aws_lambda_function.%1.function_name\n  qualifier = \"%2\"\n"
                               "  provisioned_concurrent_executions = %3\n}\n")
                    .arg(name, qualifier)
                    .arg(*desired.warm_pool);
    } else if (desired.warm_pool) {
        text += QStringLiteral("\n# Remove the aws_lambda_provisioned_concurrency_config of qualifier \"%1\".\n").arg(qualifier);
    }
    if (desired.warm_schedule) {
        text += QStringLiteral("\n# Warm pool by hour, as aws_appautoscaling_scheduled_action on resource function:%1:%2:\n").arg(qs(plan.before.name), qualifier);
        for (const auto& entry : desired.warm_schedule->entries) {
            text += QStringLiteral("#   days %1 at minute %2 of the day (%3): %4\n").arg(entry.weekdays, 7, 2, QLatin1Char('0')).arg(entry.minute_of_day).arg(qs(desired.warm_schedule->time_zone)).arg(entry.level);
        }
    }
    return text;
}

QString samPatch(const Plan& plan) {
    const auto& desired = plan.desired;
    QString text = provenance(plan, "#");
    text += QStringLiteral("Resources:\n  %1:\n    Type: AWS::Serverless::Function\n    Properties:\n").arg(identifier(plan.before.name, true));
    if (desired.memory) text += QStringLiteral("      MemorySize: %1\n").arg(desired.memory->value);
    if (desired.timeout) text += QStringLiteral("      Timeout: %1\n").arg(desired.timeout->count());
    if (desired.instance_limit && desired.instance_limit->kind == InstanceLimit::Kind::limited) {
        text += QStringLiteral("      ReservedConcurrentExecutions: %1\n").arg(desired.instance_limit->value);
    } else if (desired.instance_limit) {
        text += QStringLiteral("      # remove ReservedConcurrentExecutions\n");
    }
    if (desired.warm_pool && *desired.warm_pool > 0) {
        text += QStringLiteral("      ProvisionedConcurrencyConfig:\n        ProvisionedConcurrentExecutions: %1\n").arg(*desired.warm_pool);
    } else if (desired.warm_pool) {
        text += QStringLiteral("      # remove ProvisionedConcurrencyConfig\n");
    }
    return text;
}

} // namespace pilotlight::console
