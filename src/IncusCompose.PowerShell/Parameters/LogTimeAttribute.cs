using System.Management.Automation;
using IncusCompose.Logs;

namespace IncusCompose.PowerShell.Parameters;

/// <summary>Takes a point in time: a date, how long ago (a time span, or text such as <c>10m</c>), or a date as text.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class LogTimeAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    /// <exception cref="ArgumentTransformationMetadataException">It is no time.</exception>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var plain = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        return plain switch
        {
            DateTimeOffset time => time,
            DateTime time => new DateTimeOffset(time),
            TimeSpan ago => DateTimeOffset.Now - ago,
            string text when LogTime.TryParse(text, DateTimeOffset.Now, out var time) => time,
            _ => throw new ArgumentTransformationMetadataException(
                $"'{plain}' is no time. Give a date (Get-Date), a time span, how long ago (10m, 1h30m), or a date and time as text (2026-01-31T08:00)."),
        };
    }
}
