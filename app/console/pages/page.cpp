#include "app/console/pages/page.h"

namespace pilotlight::console {

Page::Page(Session& session, QString name, QWidget* parent) : QWidget(parent), session_(session), name_(std::move(name)) {}

}  // namespace pilotlight::console
