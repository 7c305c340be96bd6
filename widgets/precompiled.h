// Precompiled for Qt code.
#pragma once

#include <QAbstractItemModel>
#include <QApplication>
#include <QBoxLayout>
#include <QLabel>
#include <QObject>
#include <QPainter>
#include <QPushButton>
#include <QString>
#include <QVariant>
#include <QWidget>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>
