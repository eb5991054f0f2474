; The installer for Windows: iscc /DVersion=0.0.0 packaging\windows\trayapp.iss, after packaging/build.py folder.
; For one user, so without an administrator. Settings and keys stay when it is removed.

#ifndef Version
  #error Give the version: /DVersion=...
#endif
#define Source "..\..\build\folder\dist\trayapp"

[Setup]
; Never to be changed: by it an upgrade finds what it replaces.
AppId={{6B1C0E0B-8D0F-4B0B-9C55-6F5B0A6D7E21}
AppName=trayapp
AppVersion={#Version}
AppPublisher=The trayapp contributors
VersionInfoVersion={#Version}
DefaultDirName={autopf}\trayapp
DisableProgramGroupPage=yes
PrivilegesRequired=lowest
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
MinVersion=10.0.17763
LicenseFile=..\..\LICENSE
OutputDir=..\..\dist
OutputBaseFilename=trayapp-{#Version}-setup
SetupIconFile=..\..\build\folder\trayapp.ico
UninstallDisplayIcon={app}\trayappw.exe
Compression=lzma2
SolidCompression=yes
CloseApplications=yes
RestartApplications=no

[Languages]
Name: "en"; MessagesFile: "compiler:Default.isl"
Name: "de"; MessagesFile: "compiler:Languages\German.isl"

[CustomMessages]
en.login=Start with Windows
de.login=Mit Windows starten
en.finder=Find a model
de.finder=Ein Modell suchen

[Tasks]
Name: "login"; Description: "{cm:login}"; Flags: unchecked

[InstallDelete]
; Modules of the version before must not be found beside those of this one.
Type: filesandordirs; Name: "{app}\_internal"

[Files]
Source: "{#Source}\*"; DestDir: "{app}"; Flags: ignoreversion recursesubdirs createallsubdirs

[Icons]
; Notifications are shown under the name of the entry with the program's own id (packaging/frozen.py).
Name: "{autoprograms}\trayapp"; Filename: "{app}\trayappw.exe"; AppUserModelID: "trayapp"
Name: "{autoprograms}\trayapp - {cm:finder}"; Filename: "{app}\trayappw.exe"; Parameters: "open --finder"; AppUserModelID: "trayapp"

[Run]
; The program writes its own entry, so that its settings show it as it is.
Filename: "{app}\trayapp.exe"; Parameters: "login on"; Flags: runhidden; Tasks: login
Filename: "{app}\trayappw.exe"; Description: "{cm:LaunchProgram,trayapp}"; Flags: nowait postinstall skipifsilent

[UninstallRun]
Filename: "{app}\trayapp.exe"; Parameters: "quit"; Flags: runhidden; RunOnceId: "quit"

[Registry]
; Whoever switched it on: no entry for the start with Windows is left behind.
Root: HKCU; Subkey: "Software\Microsoft\Windows\CurrentVersion\Run"; ValueType: none; ValueName: "trayapp"; Flags: dontcreatekey uninsdeletevalue
Root: HKCU; Subkey: "Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"; ValueType: none; ValueName: "trayapp"; Flags: dontcreatekey uninsdeletevalue

[Code]
{ One that runs reads its modules from its files: it has to end before they are replaced. }
function PrepareToInstall(var NeedsRestart: Boolean): String;
var
  Code: Integer;
begin
  if FileExists(ExpandConstant('{app}\trayapp.exe')) then
    Exec(ExpandConstant('{app}\trayapp.exe'), 'quit', '', SW_HIDE, ewWaitUntilTerminated, Code);
  Result := '';
end;
