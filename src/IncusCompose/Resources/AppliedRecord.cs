namespace IncusCompose.Resources;

internal sealed record AppliedRecord;
