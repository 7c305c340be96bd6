#include "app/console/models/journal_lines.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <algorithm>

#include "app/console/models/words.h"
#include "widgets/format.h"

namespace pilotlight::console {

namespace format = widgets::format;

namespace {

QJsonObject objectOf(const JournalEntry& entry) { return QJsonDocument::fromJson(QByteArray::fromStdString(entry.detail)).object(); }

QString watchWords(const QJsonObject& look) {
    const double now = look.value(QLatin1String("invocations")).toDouble();
    QStringList harms;
    for (const auto& harm : look.value(QLatin1String("harms")).toArray()) harms << harm.toString();
    const QString seen = QStringLiteral("%1 invocations since").arg(format::integer(now));
    return harms.isEmpty() ? QStringLiteral("no harm in ") + seen
                           : QStringLiteral("harm in %1: %2").arg(seen, harms.join(QStringLiteral(", ")));
}

}  // namespace

std::vector<JournalLine> journalLines(const std::vector<JournalEntry>& journal) {
    std::vector<JournalLine> lines;
    std::vector<QString> calls;  // of the entry "started", by index
    for (std::size_t i = 0; i < journal.size(); ++i) {
        const auto& entry = journal[i];
        const QString step = qs(entry.step), raw = qs(entry.detail);
        const auto object = objectOf(entry);
        JournalLine line{entry.time, step, {}, false, raw};
        if (step == QLatin1String("started")) {
            for (const auto& one : object.value(QLatin1String("steps")).toArray())
                calls.push_back(one.toObject().value(QLatin1String("describe")).toString());
            line.outcome = calls.size() == 1 ? QStringLiteral("1 step") : QStringLiteral("%1 steps").arg(calls.size());
        } else if (step.startsWith(QLatin1String("send ")) || step.startsWith(QLatin1String("done "))) {
            const bool send = step.startsWith(QLatin1String("send "));
            const QString operation = step.mid(5);
            // A call that has its answer is one line, at the answer.
            const auto answered = [&] {
                return std::any_of(journal.begin() + static_cast<std::ptrdiff_t>(i), journal.end(), [&](const JournalEntry& later) {
                    return qs(later.step) == QLatin1String("done ") + operation &&
                           objectOf(later).value(QLatin1String("index")) == object.value(QLatin1String("index"));
                });
            };
            if (send && answered()) continue;
            const int index = object.value(QLatin1String("index")).toInt(-1);
            const bool known = index >= 0 && static_cast<std::size_t>(index) < calls.size();
            line.text = known && !calls[static_cast<std::size_t>(index)].isEmpty() ? calls[static_cast<std::size_t>(index)] : operation;
            line.call = true;
            const QString how = object.value(QLatin1String("how")).toString();
            line.outcome = send                              ? QStringLiteral("sent, no answer yet")
                           : how == QLatin1String("sent")    ? QStringLiteral("done")
                           : how.isEmpty()                   ? QStringLiteral("done")
                                                             : QStringLiteral("done (%1)").arg(how);
        } else if (step == QLatin1String("watch") && !object.isEmpty()) {
            line.text = QStringLiteral("watched");
            line.outcome = watchWords(object);
        } else if (step == QLatin1String("verdict") && !object.isEmpty()) {
            line.text = QStringLiteral("verdict");
            line.outcome = object.value(QLatin1String("status")).toString();
        } else if (object.isEmpty()) {
            line.outcome = raw.simplified();
        }
        lines.push_back(std::move(line));
    }
    return lines;
}

}  // namespace pilotlight::console
