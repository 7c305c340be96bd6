// "?": every key of the console.
#pragma once

#include <QDialog>

namespace pilotlight::console {

class ShortcutsDialog : public QDialog {
    Q_OBJECT
public:
    explicit ShortcutsDialog(QWidget* parent);
};

}  // namespace pilotlight::console
